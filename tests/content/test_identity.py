from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from pipeline.content import KnownPost, Post, keep_identities

DATE = datetime(2026, 3, 1, 14, tzinfo=UTC)
TEXT = " ".join(f"word{number}" for number in range(100))
OTHER = " ".join(f"thing{number}" for number in range(100))


def post(slug: str, *, title: str = "", text: str = TEXT, date: datetime = DATE) -> Post:
    return Post(
        id=f"tag:larkfield.example,{date.date()}:{slug}",
        slug=slug,
        title=title or slug,
        date=date,
        url=f"https://larkfield.example/posts/{slug}/",
        path=Path(f"posts/{slug}.md"),
        summary="",
        web_html="",
        feed_html="",
        email_html="",
        text=text,
    )


def remembered(was: Post) -> KnownPost:
    return KnownPost(was.id, was.slug, was.title, was.date, was.text)


OLD = post("old")


def test_posts_that_kept_their_names_stay_as_they_are() -> None:
    posts = (OLD, post("other"))
    assert keep_identities(posts, [remembered(OLD)]) == (posts, ())


def test_a_renamed_file_keeps_its_id_by_its_words() -> None:
    posts, renames = keep_identities([post("new")], [remembered(OLD)])
    assert [kept.id for kept in posts] == [OLD.id]
    (rename,) = renames
    assert rename.sentence == "posts/new.md looks like the published post 'old', which is gone"
    assert rename.hint == (
        "add `aliases: [old]` to its front matter, or `id: …` if it is another post"
    )


def test_a_rewritten_text_is_recognised_by_title_and_date() -> None:
    new = post("new", title="old", text=OTHER, date=DATE + timedelta(hours=2))
    assert keep_identities([new], [remembered(OLD)])[0][0].id == OLD.id


def test_a_title_alone_is_not_enough() -> None:
    new = post("new", title="old", text=OTHER, date=DATE + timedelta(days=30))
    assert keep_identities([new], [remembered(OLD)]) == ((new,), ())


def test_a_corrected_date_keeps_the_id() -> None:
    moved = post("old", text=OTHER, date=DATE + timedelta(days=30))
    (kept,), (rename,) = keep_identities([moved], [remembered(OLD)])
    assert kept.id == OLD.id
    assert rename.sentence == "posts/old.md looks like the published post 'old' with another date"
    assert f"`id: {OLD.id}`" in rename.hint


def test_a_gone_slug_among_the_aliases_is_enough() -> None:
    new = replace(post("new", text=OTHER, date=DATE + timedelta(days=3)), aliases=("old",))
    assert keep_identities([new], [remembered(OLD)])[0][0].id == OLD.id


def test_an_edited_text_is_recognised_and_another_is_not() -> None:
    words = TEXT.split()
    edited = post("new", text=" ".join([*words[:85], *["fresh"] * 15]))
    rewritten = post("new", text=" ".join([*words[:75], *["fresh"] * 25]))
    assert keep_identities([edited], [remembered(OLD)])[0][0].id == OLD.id
    assert keep_identities([rewritten], [remembered(OLD)])[1] == ()


def test_short_texts_are_alike_by_chance_and_prove_nothing() -> None:
    old, new = post("old", text="Coming soon."), post("new", text="Coming soon.")
    assert keep_identities([new], [remembered(old)]) == ((new,), ())
    empty = post("new", text="")
    assert keep_identities([empty], [remembered(post("old", text=""))])[1] == ()


def test_a_short_post_keeps_its_id_when_title_and_date_are_both_put_right() -> None:
    was = post("tip", title="A tipp", text="Stand up once an hour, if you can.")
    now = replace(post("tip", title="A tip", date=DATE + timedelta(days=7)), text=was.text)
    (kept,), (rename,) = keep_identities([now], [remembered(was)])
    assert kept.id == was.id
    assert rename.sentence == "posts/tip.md looks like the published post 'tip' with another date"


def test_a_short_post_whose_file_kept_its_name_keeps_its_id_under_another_slug() -> None:
    was = post("tip", title="A tipp", text="Stand up once an hour, if you can.")
    now = replace(
        post("stand-up", title="A tip", text=was.text, date=DATE + timedelta(days=7)),
        path=Path("posts/2026-03-08-tip.md"),
    )
    (kept,), (rename,) = keep_identities([now], [remembered(was)])
    assert (kept.id, kept.aliases) == (was.id, ("tip",))
    assert "`aliases: [tip]`" in rename.hint


def test_another_short_text_under_a_slug_that_is_used_again_is_another_post() -> None:
    was = post("tip", title="Monday", text="Stand up once an hour.")
    now = post(
        "tip", title="Tuesday", text="Drink a glass of water.", date=DATE + timedelta(days=7)
    )
    assert keep_identities([now], [remembered(was)]) == ((now,), ())
    empty = replace(now, text="")
    assert keep_identities([empty], [remembered(replace(was, text=""))]) == ((empty,), ())


def test_an_explicit_id_is_never_touched() -> None:
    new = replace(post("new"), explicit_id=True)
    assert keep_identities([new], [remembered(OLD)]) == ((new,), ())


def test_two_new_posts_that_look_like_it_leave_it_undecided() -> None:
    new = (post("new"), post("newer"))
    assert keep_identities(new, [remembered(OLD)]) == (new, ())


def test_a_new_post_that_looks_like_two_gone_ones_is_new() -> None:
    new = (post("new"),)
    assert keep_identities(new, [remembered(OLD), remembered(post("older"))]) == (new, ())


def test_a_post_that_is_simply_gone_renames_nothing() -> None:
    new = (post("new", text=OTHER),)
    assert keep_identities(new, [remembered(OLD)]) == (new, ())


def test_a_whole_site_that_changes_its_host_keeps_every_id() -> None:
    old = [
        post(f"p{number}", text=f"{TEXT} {number}", date=DATE + timedelta(days=number))
        for number in range(1000)
    ]
    moved = [replace(was, id=was.id.replace("larkfield", "elsewhere")) for was in old]
    posts, renames = keep_identities(moved, [remembered(was) for was in old])
    assert [kept.id for kept in posts] == [was.id for was in old]
    assert len(renames) == 1000


@given(
    st.lists(st.sampled_from("abcdef"), unique=True),
    st.lists(st.sampled_from("abcdef"), unique=True),
    st.sampled_from([TEXT, OTHER, ""]),
)
def test_ids_stay_unique_and_posts_in_order(now: list[str], then: list[str], text: str) -> None:
    posts = [post(slug, text=text) for slug in now]
    known = [remembered(post(slug)) for slug in then]
    kept, renames = keep_identities(posts, known)
    assert [one.slug for one in kept] == now
    assert len({one.id for one in kept}) == len(kept)
    assert sum(one.id != was.id for one, was in zip(kept, posts, strict=True)) == len(renames)

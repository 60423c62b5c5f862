"""The conductor: lets two workers send, troubles them as planned, and waits for the end."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from random import Random

from pipeline.proving import hindering, looking
from pipeline.proving.comparing import Evidence, Fault, Proof, compare, miss_kills
from pipeline.proving.crew import Slot, run_crew
from pipeline.proving.dying import Point
from pipeline.proving.ground import READERS, RESTORED, make_ground
from pipeline.proving.killing import kill
from pipeline.proving.restoring import restore
from pipeline.proving.scene import ALL, BEAT_SECONDS, Scene, Watch
from pipeline.proving.schedule import Kind, Trouble, plan
from pipeline.proving.server import read_log, run_sink
from pipeline.proving.trial import CONNECTIONS, SINK_LOG, SLOTS, FastClock, Trial
from pipeline.schema import DeliveryStatus

STILL_SECONDS = 6  # without any change, the end has come

_HINDERS: dict[Kind, Callable[[Scene, Slot], bool]] = {
    Kind.CANCEL: hindering.cancel,
    Kind.FREEZE: hindering.freeze,
    Kind.STALE: hindering.outdate,
    Kind.STORM: hindering.storm,
    Kind.PAUSE: hindering.pause,
    Kind.DISK: hindering.fill_disk,
    Kind.SESSIONS: hindering.end_sessions,
}


def prove(trial: Trial, watch: Watch) -> Proof:
    """Make the site, send through all troubles, and compare. Raises PipelineError.

    Whether the proof holds stands in the answer.
    """
    clock = FastClock(time.time())
    chance = Random(trial.seed)  # noqa: S311  # chooses troubles, guards nothing
    watch.stage("Making a throw-away site")
    ground = make_ground(trial, clock, chance)
    with (
        closing(ground),
        run_sink(trial.folder / SINK_LOG, chance.randrange(2**31)) as sink,
        run_crew(trial, sink.ports, clock.began, chance) as crew,
    ):
        goal = trial.recipients - trial.side - len(ground.suppressed)
        scene = Scene(trial, ground, sink, crew, chance, watch, goal)
        scene.left = dict.fromkeys(ground.suppressed, 0)
        conduct(scene)
        return conclude(scene, time.time() - clock.began)


def conduct(scene: Scene) -> None:
    """Go through all troubles, let everything finish, and restore an older ledger."""
    troubles = plan(scene.trial.kills, scene.chance, postgresql=scene.ground.is_postgresql)
    _keep_messages(scene, len(troubles))
    leavers = max(3, scene.trial.recipients // 20 // len(troubles))
    scene.watch.stage(f"Sending under {len(troubles)} troubles, seed {scene.trial.seed}")
    for number, trouble in enumerate(troubles, 1):
        scene.ahead = len(troubles) - number
        _suffer(scene, trouble, leavers)
    _make_up(scene, leavers)
    scene.watch.stage("Letting everything finish")
    _finish(scene, READERS)
    scene.watch.stage("Putting an older ledger back")
    scene.done["restored" if restore(scene) else "missed: restored"] += 1
    _finish(scene, RESTORED)
    _weigh(scene)


def _keep_messages(scene: Scene, troubles: int) -> None:
    """What is kept back for each trouble ahead, however long another one takes."""
    people = scene.trial.recipients
    # A worker has people of two ranges in hand, and must not have the last of all.
    scene.spare = min(2 * SLOTS * scene.trial.range_size, people // 5)
    scene.reserve = min(10, people // (2 * troubles))


def _make_up(scene: Scene, leavers: int) -> None:
    """Kill as often as was asked for, where a trouble found nobody to kill."""
    missing = scene.trial.kills - scene.kills
    for _ in range(2 * missing):
        if scene.kills < scene.trial.kills and not looking.is_over(scene.ground, READERS):
            _suffer(scene, Trouble(Kind.KILL, scene.chance.randrange(SLOTS)), leavers)


def _suffer(scene: Scene, trouble: Trouble, leavers: int) -> None:
    slot = scene.crew[trouble.slot]
    # Before the launch there is nothing yet to send or to leave from.
    if trouble.moment != Point.LAUNCH and scene.let_work(slot):
        _let_leave(scene, leavers)
    if trouble.kind is Kind.KILL:
        happened = kill(scene, slot, trouble.moment)
    else:
        happened = _HINDERS[trouble.kind](scene, slot)
    scene.done[trouble.name if happened else f"missed: {trouble.name}"] += 1
    if trouble.moment != Point.LAUNCH:
        _weigh(scene)


def _let_leave(scene: Scene, count: int) -> None:
    """Some readers leave and some are suppressed in mid-send."""
    # Not of a campaign that is yet to be launched: whoever leaves before is no recipient.
    stay = sorted(scene.ground.expected - scene.ground.lists[RESTORED] - scene.left.keys())
    for email in scene.chance.sample(stay, min(count, len(stay))):
        scene.left[email] = scene.ground.leave(email, suppress=scene.chance.random() < 0.3)
        scene.done["left"] += 1


def _finish(scene: Scene, name: str) -> None:
    """Let everything go on without trouble until nothing changes any more."""
    scene.sink.order(feed=ALL)
    for slot in scene.crew:
        slot.doom("")
    seen, since = "", time.monotonic()
    while not (looking.is_over(scene.ground, name) and not any(map(Slot.is_alive, scene.crew))):
        if not looking.is_over(scene.ground, name):
            scene.fill_slots()
        state = str([sheet for _, sheet in looking.read_sheets(scene.ground)])
        seen, since = (seen, since) if state == seen else (state, time.monotonic())
        if time.monotonic() > since + STILL_SECONDS:
            return
        scene.sink.order()
        time.sleep(BEAT_SECONDS)


def _weigh(scene: Scene) -> None:
    """See that all sheets close, and how many messages are still to go."""
    still_open = skipped = 0
    for campaign, sheet in looking.read_sheets(scene.ground):
        still_open += sheet.open
        skipped += sheet.counts[DeliveryStatus.SKIPPED]
        people = len(scene.ground.lists[campaign.newsletter])
        if not sheet.closes or sheet.recipients != people:
            counts = {str(status): count for status, count in sheet.counts.items() if count}
            said = f"the sheet of {sheet.recipients} recipients, of {people}, says {counts}"
            scene.seen.append((Fault.UNBALANCED, said))
    to_be_skipped = sum(not started for started in scene.left.values()) - skipped
    scene.goal = scene.sink.taken + still_open - max(to_be_skipped, 0)


def conclude(scene: Scene, seconds: float) -> Proof:
    """Compare the ledger with what the sink has written down."""
    rows = looking.read_rows(scene.ground)
    copies, cut = read_log(scene.trial.folder / SINK_LOG)
    evidence = Evidence(
        scene.ground.expected,
        copies,
        cut,
        scene.left,
        CONNECTIONS,
        scene.called_off,
        scene.restored,
        scene.decided,
    )
    for words in (words for slot in scene.crew for words in slot.crashes):
        scene.seen.append((Fault.CRASH, f"a worker ended by itself: {words}"))
    scene.done["wrong clocks"] = sum(slot.wrong_clocks for slot in scene.crew)
    return Proof(
        recipients=scene.trial.recipients,
        counts=Counter(row.status for row in rows),
        kills=scene.kills,
        connections=CONNECTIONS,
        seed=scene.trial.seed,
        seconds=seconds,
        troubles=dict(sorted(scene.done.items())),
        faults=(
            *compare(rows, evidence),
            *scene.seen,
            *miss_kills(scene.kills, scene.trial.kills),
        ),
    )

"""What readers are told on the pages made here, in the site's language."""

from __future__ import annotations

from collections.abc import Mapping

# The first text of each is the title; the others are paragraphs.
Words = Mapping[str, tuple[str, ...]]

_ENGLISH: Words = {
    "ask": (
        "Unsubscribe from {newsletter}?",
        "We will stop sending it to {address}.",
        "Unsubscribe",
        "It takes effect at once. You need no password, and there are no questions.",
    ),
    "pressed_nothing": ("Nothing has changed yet: the button below does it.",),
    "left": (
        "You are unsubscribed",
        "We no longer send {newsletter} to {address}.",
        "Only a letter that left a moment ago may still arrive.",
    ),
    "left_already": (
        "You are unsubscribed",
        "This address is not on the list of {newsletter}, and we send nothing to it.",
    ),
    "forgotten": (
        "You are unsubscribed",
        "The address this link was made for is no longer on our list.",
    ),
    "come_back": ("Was it a mistake? Write to {email}.",),
    "undo": ("Was it a mistake?", "Subscribe again"),
    "preferences": (
        "What you get from us",
        "It goes to {address}.",
        "Save",
        "Nothing changes before you save.",
    ),
    "saved": ("Saved. It holds from the very next letter on.",),
    "nothing_left": ("You get nothing from us now.",),
    "pause": ("Send it without a break", "Pause it for {days} days", "Pause it until {date}"),
    "leave_all": (
        "No more letters at all",
        "We take you off every list, and no list will bring you back by mistake.",
        "Stop everything",
    ),
    "left_all": (
        "You get no more letters from us",
        "We took {address} off every list.",
        "Only a letter that left a moment ago may still arrive.",
    ),
    "back_to_all": ("Everything is as before", "Your lists send to {address} again."),
    "why": ("Why did I get this?",),
    "why_file": ("Since {date} this address has been on our list for {list}.",),
    "why_asked": ("On {date} this address was entered in our form, for {list}.",),
    "why_confirmed": ("On {date} it was confirmed by the link in our mail, for {list}.",),
    "why_joined": ("On {date} this address was entered in our form, for {list}.",),
    "why_changed": ("On {date} the choice for {list} was changed.",),
    "why_left": ("On {date} it left {list}.",),
    "why_returned": ("On {date} it came back to {list}.",),
    "back": ("You are subscribed again", "{newsletter} goes to {address} as before."),
    "one_click": ("You are unsubscribed.",),
    "and": (" and ",),
    "sample": (
        "This is a sample link",
        (
            "It comes from a preview, so it belongs to nobody and changes nothing."
            " In a letter to a reader, the page here asks whether to unsubscribe."
        ),
    ),
    "bad_link": (
        "This link is not complete",
        (
            "Nothing has changed. Mail programs sometimes break a long link in two: please copy the"
            " whole of it from the letter. Or answer the letter with the word “unsubscribe”, and we"
            " will take you off the list."
        ),
    ),
    "join": ("Get {title} by mail", "Your mail address", "Subscribe"),
    "wording": (
        (
            "With this button I ask for {title} from {site} at this address. I can unsubscribe at"
            " any time, by a link in every letter."
        ),
    ),
    "join_trap": ("Leave this empty",),
    "join_bad_address": ("That does not look like a mail address. Please check it.",),
    "join_too_many": (
        "Too many people have asked within the last hour. Please try again in an hour.",
    ),
    "join_again": (
        "One more click",
        "Shall we send {title} to {address}?",
        "Yes, subscribe",
    ),
    "join_asked": (
        "Please look into your mailbox",
        (
            "A mail to {address} asks whether it was you: press the button it leads to, and"
            " {title} comes from the next letter on."
        ),
        (
            "Nothing there after a few minutes? Look among the spam. Who gets {title} already is"
            " not asked again."
        ),
    ),
    "join_single": (
        "Thank you",
        "{title} comes to {address} from the next letter on.",
        "If we have to be sure first that it is your address, a mail asks you for one more click.",
    ),
    "embed": (
        "A form for your own pages",
        (
            "Copy these lines into any page. They need no script; the button leads here, where one"
            " more click confirms what was typed."
        ),
    ),
    "confirm": (
        "Do you want {newsletter}?",
        "We will send it to {address}.",
        "Yes, send it to me",
        "You can leave at any time, by a link in every letter.",
    ),
    "confirmed": (
        "You are subscribed",
        "{newsletter} comes to {address} from the next letter on.",
    ),
    "confirmed_already": (
        "You are subscribed already",
        "{newsletter} comes to {address}. There is nothing more to do.",
    ),
    "not_after_all": ("Changed your mind? Unsubscribe again",),
    "confirm_too_late": (
        "This link no longer holds",
        "It works once, and for seven days. Nothing has changed.",
    ),
    "ask_again": ("Ask for a new one",),
    "bad_confirm_link": (
        "This link is not complete",
        (
            "Nothing has changed. Mail programs sometimes break a long link in two: please copy the"
            " whole of it from the mail."
        ),
    ),
    "not_found": (
        "There is no such page",
        "It may have moved, or the address may be mistyped.",
    ),
    "no_site": (
        "Nothing is published here yet",
        (
            "The first posts will appear on this page."
            " If this is your site: “pipeline run” publishes them."
        ),
    ),
    "wrong_method": ("This page can only be read", "Nothing has changed."),
    "too_large": ("That was too much at once", "Nothing has changed."),
    "bad_request": ("We could not understand that request", "Nothing has changed."),
    "unavailable": ("We cannot answer just now", "Please try again in a few minutes."),
    "failed": (
        "Something went wrong here",
        "The mistake is ours, and it has been noted. Please try again in a few minutes.",
    ),
    "home": ("To the home page",),
    "skip": ("Skip to the text",),
}

_GERMAN: Words = {
    "ask": (
        "{newsletter} abbestellen?",
        "Wir schicken dann nichts mehr davon an {address}.",
        "Abbestellen",
        "Es gilt sofort, ohne Passwort und ohne Fragen.",
    ),
    "pressed_nothing": ("Noch hat sich nichts geändert: Das macht erst der Knopf.",),
    "left": (
        "Sie sind abgemeldet",
        "Wir schicken {newsletter} nicht mehr an {address}.",
        "Nur ein Brief, der eben erst abgegangen ist, kann noch eintreffen.",
    ),
    "left_already": (
        "Sie sind abgemeldet",
        "Diese Adresse steht nicht im Verteiler von {newsletter}; wir schicken ihr nichts.",
    ),
    "forgotten": (
        "Sie sind abgemeldet",
        "Die Adresse, für die dieser Link gemacht wurde, steht nicht mehr in unserem Verteiler.",
    ),
    "come_back": ("War es ein Versehen? Schreiben Sie an {email}.",),
    "undo": ("War es ein Versehen?", "Wieder abonnieren"),
    "preferences": (
        "Was Sie von uns bekommen",
        "Es geht an {address}.",
        "Speichern",
        "Vor dem Speichern ändert sich nichts.",
    ),
    "saved": ("Gespeichert. Es gilt vom nächsten Brief an.",),
    "nothing_left": ("Sie bekommen jetzt nichts von uns.",),
    "pause": ("Ohne Pause schicken", "{days} Tage Pause", "Pause bis {date}"),
    "leave_all": (
        "Gar keine Briefe mehr",
        "Wir tragen Sie aus jedem Verteiler aus, und keine Liste bringt Sie versehentlich zurück.",
        "Alles abbestellen",
    ),
    "left_all": (
        "Sie bekommen keine Briefe mehr von uns",
        "Wir haben {address} aus jedem Verteiler ausgetragen.",
        "Nur ein Brief, der eben erst abgegangen ist, kann noch eintreffen.",
    ),
    "back_to_all": ("Alles ist wie vorher", "Ihre Verteiler schicken wieder an {address}."),
    "why": ("Warum habe ich das bekommen?",),
    "why_file": ("Seit dem {date} steht diese Adresse in unserem Verteiler für {list}.",),
    "why_asked": ("Am {date} wurde diese Adresse in unser Formular eingetragen, für {list}.",),
    "why_confirmed": ("Am {date} wurde sie über den Link in unserer Mail bestätigt, für {list}.",),
    "why_joined": ("Am {date} wurde diese Adresse in unser Formular eingetragen, für {list}.",),
    "why_changed": ("Am {date} wurde die Auswahl für {list} geändert.",),
    "why_left": ("Am {date} hat sie {list} abbestellt.",),
    "why_returned": ("Am {date} kam sie zu {list} zurück.",),
    "back": (
        "Sie sind wieder angemeldet",
        "{newsletter} geht wie bisher an {address}.",
    ),
    "one_click": ("Sie sind abgemeldet.",),
    "and": (" und ",),
    "sample": (
        "Das ist ein Musterlink",
        (
            "Er stammt aus einer Vorschau, gehört niemandem und ändert nichts."
            " In einem Brief an Leser fragt die Seite hier, ob sie abbestellen möchten."
        ),
    ),
    "bad_link": (
        "Dieser Link ist nicht vollständig",
        (
            "Es hat sich nichts geändert. Mailprogramme brechen lange Links manchmal um: Bitte"
            " kopieren Sie ihn ganz aus dem Brief. Oder antworten Sie auf den Brief mit dem Wort"
            " „abbestellen“, dann tragen wir Sie aus."
        ),
    ),
    "join": ("{title} per Mail bekommen", "Ihre Mailadresse", "Abonnieren"),
    "wording": (
        (
            "Mit diesem Knopf wünsche ich {title} von {site} an diese Adresse. Ich kann es"
            " jederzeit über einen Link in jedem Brief abbestellen."
        ),
    ),
    "join_trap": ("Bitte leer lassen",),
    "join_bad_address": ("Das sieht nicht nach einer Mailadresse aus. Bitte prüfen Sie sie.",),
    "join_too_many": (
        (
            "In der letzten Stunde kamen zu viele Anfragen. Bitte versuchen Sie es in einer Stunde"
            " noch einmal."
        ),
    ),
    "join_again": (
        "Noch ein Klick",
        "Sollen wir {title} an {address} schicken?",
        "Ja, abonnieren",
    ),
    "join_asked": (
        "Bitte sehen Sie in Ihr Postfach",
        (
            "Eine Mail an {address} fragt, ob Sie es waren: Drücken Sie den Knopf, zu dem sie"
            " führt, dann kommt {title} vom nächsten Brief an."
        ),
        (
            "Nach ein paar Minuten nichts da? Sehen Sie im Spam nach. Wer {title} schon bekommt,"
            " wird nicht noch einmal gefragt."
        ),
    ),
    "join_single": (
        "Vielen Dank",
        "{title} kommt vom nächsten Brief an zu {address}.",
        (
            "Falls wir erst sicher sein müssen, dass es Ihre Adresse ist, bittet Sie eine Mail um"
            " einen weiteren Klick."
        ),
    ),
    "embed": (
        "Ein Formular für eigene Seiten",
        (
            "Kopieren Sie diese Zeilen in eine beliebige Seite. Sie brauchen kein Skript; der Knopf"
            " führt hierher, wo ein weiterer Klick das Getippte bestätigt."
        ),
    ),
    "confirm": (
        "Möchten Sie {newsletter}?",
        "Wir schicken es an {address}.",
        "Ja, bitte zuschicken",
        "Abbestellen können Sie jederzeit, über einen Link in jedem Brief.",
    ),
    "confirmed": (
        "Sie sind angemeldet",
        "{newsletter} kommt vom nächsten Brief an zu {address}.",
    ),
    "confirmed_already": (
        "Sie sind schon angemeldet",
        "{newsletter} kommt zu {address}. Mehr ist nicht zu tun.",
    ),
    "not_after_all": ("Doch nicht? Wieder abbestellen",),
    "confirm_too_late": (
        "Dieser Link gilt nicht mehr",
        "Er gilt ein Mal, und sieben Tage lang. Es hat sich nichts geändert.",
    ),
    "ask_again": ("Einen neuen anfordern",),
    "bad_confirm_link": (
        "Dieser Link ist nicht vollständig",
        (
            "Es hat sich nichts geändert. Mailprogramme brechen lange Links manchmal um: Bitte"
            " kopieren Sie ihn ganz aus der Mail."
        ),
    ),
    "not_found": (
        "Diese Seite gibt es nicht",
        "Vielleicht ist sie umgezogen, oder die Adresse ist nicht richtig geschrieben.",
    ),
    "no_site": (
        "Hier ist noch nichts erschienen",
        (
            "Die ersten Beiträge werden auf dieser Seite stehen. Falls das Ihre Site ist:"
            " „pipeline run“ veröffentlicht sie."
        ),
    ),
    "wrong_method": ("Diese Seite kann man nur lesen", "Es hat sich nichts geändert."),
    "too_large": ("Das war zu viel auf einmal", "Es hat sich nichts geändert."),
    "bad_request": (
        "Diese Anfrage haben wir nicht verstanden",
        "Es hat sich nichts geändert.",
    ),
    "unavailable": (
        "Wir können gerade nicht antworten",
        "Bitte versuchen Sie es in ein paar Minuten noch einmal.",
    ),
    "failed": (
        "Hier ist etwas schiefgegangen",
        (
            "Der Fehler liegt bei uns und ist notiert. Bitte versuchen Sie es in ein paar Minuten"
            " noch einmal."
        ),
    ),
    "home": ("Zur Startseite",),
    "skip": ("Zum Text springen",),
}

_WORDS = {"en": _ENGLISH, "de": _GERMAN}


def words(language: str) -> Words:
    """The words for readers of a language tag; English where there are none of their own."""
    return _WORDS[spoken(language)]


def spoken(language: str) -> str:
    """The language those words are in."""
    primary = language.lower().replace("_", "-").partition("-")[0]
    return primary if primary in _WORDS else "en"

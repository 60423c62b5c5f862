"""Troubles that kill nobody: workers freeze, servers and disks fail, campaigns come to rest."""

from __future__ import annotations

import time
from collections.abc import Callable

from pipeline.campaigns import Step
from pipeline.db import writing
from pipeline.proving import looking, store
from pipeline.proving.comparing import Fault
from pipeline.proving.crew import Slot
from pipeline.proving.deciding import decide
from pipeline.proving.ground import CALLED_OFF
from pipeline.proving.scene import BEAT_SECONDS, Scene
from pipeline.proving.sender import DISK_FULL, DISK_HAS_ROOM, REFUSED
from pipeline.proving.trial import LATER, LEASE_SECONDS
from pipeline.schema import CampaignState, DeliveryStatus

TRIES = 3  # of a trouble that needs others to be in the right place
STORM = {"break": 0.03, "later": 0.15, "full": 0.05}


def freeze(scene: Scene, slot: Slot) -> bool:
    """Let a worker stand still until its lease has run out and others have its range."""
    scene.wait_seconds(scene.chance.random() / 2)
    with scene.frozen(slot):
        _let_lease_run_out(scene)
        scene.press(lambda: False, 0.6 * LEASE_SECONDS)
    return slot.is_alive()


def outdate(scene: Scene, slot: Slot) -> bool:
    """Freeze a worker with an answer on its way; others send the message; then it wakes.

    Its late result, and everything else it still holds, must not count any more.
    """
    for _ in range(TRIES):
        email = scene.hold(slot, "lost")
        if not email:
            scene.sink.order(release=LATER)  # the trap that caught nobody
            return False
        time.sleep(3 * BEAT_SECONDS)  # unfed, it comes to rest
        with scene.frozen(slot):
            scene.sink.order(release=LATER)
            overtaken = _overtake(scene, email)
        scene.wait_seconds(LEASE_SECONDS / 2)
        if overtaken:
            return True
    return False


def _overtake(scene: Scene, email: str) -> bool:
    """Have a message in doubt sent by another worker, as somebody's decision."""
    _let_lease_run_out(scene)
    if not scene.press(_stands(scene, email, DeliveryStatus.UNKNOWN)):
        return False
    decide(scene.ground.engine, {}, scene.ground.now(), only=email)
    return scene.press(_stands(scene, email, DeliveryStatus.SENT))


def _let_lease_run_out(scene: Scene) -> None:
    scene.rest(lambda: False, 1.2 * LEASE_SECONDS)


def _stands(scene: Scene, email: str, status: DeliveryStatus) -> Callable[[], bool]:
    return lambda: looking.stands(scene.ground, email, status)


def storm(scene: Scene, slot: Slot) -> bool:
    """Let the server break connections, and have no time for addresses, bodies and us."""
    del slot  # all are in it
    scene.sink.order(weather=STORM)
    scene.wait_seconds(1.5)
    scene.sink.order(weather={})
    return True


def pause(scene: Scene, slot: Slot) -> bool:
    """From the moment campaigns are paused, nothing of them is started until they are resumed."""
    del slot
    _move_all(scene, CampaignState.SENDING, Step.PAUSE)
    scene.wait_seconds(LEASE_SECONDS / 2)  # what is just being committed began before
    before = looking.count_attempts(scene.ground)
    scene.wait_seconds(LEASE_SECONDS)
    if looking.count_attempts(scene.ground) != before:
        scene.seen.append((Fault.LATE, "messages were started while their campaign was paused"))
    return _move_all(scene, CampaignState.PAUSED, Step.RESUME)


def _move_all(scene: Scene, state: CampaignState, step: Step) -> bool:
    found = [one for one in looking.read_campaigns(scene.ground) if one.state is state]
    moved = [looking.move(scene.ground, one, step) for one in found]
    return any(moved)


def cancel(scene: Scene, slot: Slot) -> bool:
    """Cancel a campaign in mid-send: of it nothing is started from then on."""
    del slot
    people = scene.ground.lists[CALLED_OFF]
    share = scene.chance.uniform(0.2, 0.6) * len(people)
    scene.wait(lambda: scene.sink.taken >= share)
    campaign = looking.find_campaign(scene.ground, CALLED_OFF)
    if campaign is None or not looking.move(scene.ground, campaign, Step.CANCEL):
        return False
    with writing(scene.ground.engine) as connection:
        numbers = store.read_people(connection, campaign.id)
    # Whoever is not on the roster yet was never started.
    scene.called_off = dict.fromkeys(people, 0) | {
        email: scene.ground.hold_attempts(number) for email, number in numbers.items()
    }
    return True


def fill_disk(scene: Scene, slot: Slot) -> bool:
    """Let a worker's machine have no room for anything, until its database has refused it."""
    scene.wait_seconds(scene.chance.random() / 2)
    slot.forget()
    slot.tell(DISK_FULL)
    refused = scene.wait(lambda: slot.heard(REFUSED))
    slot.tell(DISK_HAS_ROOM)
    return refused


def end_sessions(scene: Scene, slot: Slot) -> bool:
    """End all sessions of the workers with the database, whatever they are in the middle of."""
    del slot  # all are in it
    scene.wait_seconds(scene.chance.random() / 2)
    with writing(scene.ground.engine) as connection:
        ended = store.end_sessions(connection)
    scene.wait_seconds(LEASE_SECONDS / 2)
    return ended > 0

"""The last trouble: an older ledger is put back in mid-send, as after a restored backup."""

from __future__ import annotations

import time
from collections.abc import Collection

from pipeline import clock
from pipeline.db import writing
from pipeline.proving import looking, store
from pipeline.proving.comparing import Fault
from pipeline.proving.ground import RESTORED
from pipeline.proving.scene import BEAT_SECONDS, Scene
from pipeline.proving.sender import HELD
from pipeline.proving.trial import WHO
from pipeline.schema import Decision

LONG_SECONDS = 30  # for what is sure to come, on however busy a machine


def restore(scene: Scene) -> bool:
    """Copy the ledger in mid-send, go on, and put the copy back: all is held until it is armed."""
    people = scene.ground.lists[RESTORED]
    scene.sink.order(may_take=0)
    scene.ground.announce(RESTORED)
    scene.fill_slots()
    _send_third(scene, people)
    kept = _keep_copy(scene)
    first, *_ = scene.crew
    first.stop()
    scene.fill_slots()
    # What is lost within one round of sending cannot be seen: the next one has to have begun.
    if not scene.rest(lambda: looking.read_generation(scene.ground) != kept, LONG_SECONDS):
        return False
    _send_third(scene, people)
    for slot in scene.crew:
        slot.stop()
    time.sleep(3 * BEAT_SECONDS)  # for the database's side of their sessions to end
    with writing(scene.ground.engine) as connection:
        store.put_back(connection)
    _see_it_held(scene)
    scene.restored = people
    clock.arm(scene.ground.open(), Decision.RESTORED, WHO)
    return True


def _send_third(scene: Scene, people: Collection[str]) -> None:
    """Let about a third of the people have their mail, and nobody else."""
    enough = scene.sink.taken + len(people) / 4
    scene.sink.order(feed=len(people) / 3)
    scene.rest(lambda: scene.sink.taken >= enough, LONG_SECONDS)


def _keep_copy(scene: Scene) -> int:
    """Copy the ledger as it is now; the generation it is of."""
    one_instant = scene.ground.engine.execution_options(isolation_level="SERIALIZABLE")
    with writing(one_instant) as connection:
        store.keep_copy(connection)
        return store.read_generation(connection)


def _see_it_held(scene: Scene) -> None:
    """Let workers begin on the older ledger: all of them are to say that it is held."""
    before = looking.count_attempts(scene.ground)
    scene.fill_slots()
    if not scene.rest(lambda: all(slot.heard(HELD) for slot in scene.crew), LONG_SECONDS):
        scene.seen.append((Fault.LATE, "an older ledger was put back, and a worker was not held"))
    if looking.count_attempts(scene.ground) != before:
        scene.seen.append((Fault.LATE, "messages were started on an older ledger before arming"))

"""kill -9: at chosen points, held by the sink or reached inside the worker, and at any time."""

from __future__ import annotations

from collections.abc import Callable

from pipeline.proving import looking
from pipeline.proving.comparing import Fault
from pipeline.proving.crew import Slot
from pipeline.proving.deciding import decide
from pipeline.proving.dying import Point
from pipeline.proving.scene import Scene
from pipeline.proving.server import read_log
from pipeline.proving.trial import SINK_LOG
from pipeline.schema import DeliveryStatus


def kill(scene: Scene, slot: Slot, moment: str) -> bool:
    """Kill a worker; False when it was not at that moment."""
    if moment in _WAYS:
        happened = _WAYS[moment](scene, slot)
    elif moment in list(Point):
        slot.doom(moment)
        happened = _dies(scene, slot)
    elif moment:
        happened = _kill_held(scene, slot, moment)
    else:
        scene.wait_seconds(scene.chance.random())
        happened = True
    slot.kill()
    return happened


def _dies(scene: Scene, slot: Slot) -> bool:
    return scene.wait(lambda: not slot.is_alive())


def _kill_held(scene: Scene, slot: Slot, moment: str) -> bool:
    """Kill a worker while the sink holds one of its messages; its connection then breaks."""
    held = scene.hold(slot, moment)
    slot.kill()
    scene.sink.order(release="")
    return held is not None


def _kill_launching(scene: Scene, slot: Slot) -> bool:
    slot.begin(Point.LAUNCH)
    return _dies(scene, slot)


def _kill_settling(scene: Scene, slot: Slot) -> bool:
    """Kill a worker that finds a campaign cancelled when it begins."""
    slot.stop()
    slot.begin(Point.SETTLE)
    return _dies(scene, slot)


def _kill_heir(scene: Scene, slot: Slot) -> bool:
    """Kill a worker, and the one that takes its range over in the middle of that."""
    heir = scene.other(slot)
    heir.doom(Point.TAKEOVER)
    _kill_held(scene, slot, "kept")
    happened = _dies(scene, heir)
    heir.kill()
    return happened


def _kill_deciding(scene: Scene, slot: Slot) -> bool:
    """Kill whoever decides about rows in doubt, in the middle of that; then decide anew."""
    _kill_held(scene, slot, "lost")
    scene.wait(lambda: bool(looking.read_doubted(scene.ground)))
    doubted = looking.read_doubted(scene.ground)
    # Once no body is on its way, what the sink has written down of these people is all there is.
    if not scene.rest(lambda: scene.sink.busy == 0):
        slot.begin()
        return False
    slot.begin(Point.RECONCILE)
    happened = scene.rest(lambda: not slot.is_alive())
    slot.kill()
    for row in looking.read_rows(scene.ground):
        # A worker that was only slow may still report: that is no decision.
        if row.email in doubted and (row.status, row.reason) in _DECIDED:
            scene.seen.append((Fault.LIE, f"{row.email} was decided about by half"))
    copies, _ = read_log(scene.trial.folder / SINK_LOG)
    decide(scene.ground.engine, copies, scene.ground.now())
    still = looking.read_doubted(scene.ground)
    scene.decided += (row for email, row in doubted.items() if email not in still)
    return happened and bool(doubted)


# What a decision makes of a row in doubt, and nothing else does: it went, or it goes again.
_DECIDED = {(DeliveryStatus.SENT, "decided"), (DeliveryStatus.PLANNED, "")}

_WAYS: dict[str, Callable[[Scene, Slot], bool]] = {
    Point.LAUNCH: _kill_launching,
    Point.SETTLE: _kill_settling,
    Point.TAKEOVER: _kill_heir,
    Point.RECONCILE: _kill_deciding,
}

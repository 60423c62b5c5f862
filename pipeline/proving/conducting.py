"""The conductor: lets two workers send, troubles them as planned, and waits for the end."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from random import Random

from pipeline import campaigns, ledger
from pipeline.campaigns import Step
from pipeline.db import reading, writing
from pipeline.proving import store
from pipeline.proving.comparing import Evidence, Fault, Proof, compare
from pipeline.proving.crew import Slot, run_crew
from pipeline.proving.dying import Point
from pipeline.proving.ground import Ground, make_ground
from pipeline.proving.schedule import Kind, Trouble, plan
from pipeline.proving.server import SinkServer, run_sink
from pipeline.proving.trial import CONNECTIONS, LATER, SPEED, FastClock, Trial
from pipeline.schema import CampaignState, Decision, DeliveryStatus

BEAT_SECONDS = 0.05
TROUBLE_BEATS = 20  # the messages that are meant for a trouble go out over so many beats
TRIES = 2  # of a trouble that needs others to be in the right place
PATIENCE_SECONDS = 6  # for what a trouble waits for
STILL_SECONDS = 30  # without any change, the end has come
LEASE_SECONDS = 60 / SPEED
STORM = {"break": 0.03, "later": 0.15, "full": 0.05}
ALL = 1_000_000_000
WHO = "the trial"  # takes the decisions of persons


@dataclass(frozen=True)
class Watch:
    """Who is told how it goes."""

    stage: Callable[[str], None] = lambda _: None
    progress: Callable[[Counter[DeliveryStatus], int], None] = lambda _counts, _total: None


def prove(trial: Trial, watch: Watch) -> Proof:
    """Make the site, send through all troubles, and compare. Raises PipelineError.

    Whether the proof holds stands in the answer.
    """
    clock = FastClock(time.time())
    chance = Random(trial.seed)  # noqa: S311  # chooses troubles, guards nothing
    watch.stage("Making a throw-away site")
    ground = make_ground(trial, clock, chance)
    workers_log = trial.folder / "workers.log"
    with (
        closing(ground),
        run_sink(trial.folder / "sink.log", chance.randrange(2**31)) as sink,
        run_crew(trial, sink.ports, clock.began, chance, workers_log) as crew,
    ):
        conductor = Conductor(trial, ground, sink, crew, chance, watch)
        conductor.conduct()
        return conductor.conclude(time.time() - clock.began)


class Conductor:
    """One trial under way."""

    def __init__(
        self,
        trial: Trial,
        ground: Ground,
        sink: SinkServer,
        crew: list[Slot],
        chance: Random,
        watch: Watch,
    ) -> None:
        self._trial = trial
        self._ground = ground
        self._sink = sink
        self._crew = crew
        self._chance = chance
        self._watch = watch
        self._troubles = plan(trial.kills, chance)
        self._ahead = len(self._troubles)
        # What is kept back for each trouble ahead, however long another one takes.
        self._reserve = min(10, trial.recipients // (2 * self._ahead))
        self._left = dict.fromkeys(ground.suppressed, 0)
        self._seen: list[tuple[Fault, str]] = []
        self._done: Counter[str] = Counter()

    def conduct(self) -> None:
        """Go through all troubles, then let everything finish."""
        self._watch.stage(f"Sending under {self._ahead} troubles, seed {self._trial.seed}")
        for trouble in self._troubles:
            if trouble.moment != Point.LAUNCH:  # else there is nothing yet to send or to leave from
                self._let_work(self._crew[trouble.slot])
                self._let_leave()
            self._suffer(trouble)
            self._ahead -= 1
            self._weigh()
        self._finish()

    # --- troubles --------------------------------------------------------------------------------

    def _suffer(self, trouble: Trouble) -> None:
        slot = self._crew[trouble.slot]
        does = {
            Kind.KILL: lambda: self._kill(slot, trouble.moment),
            Kind.FREEZE: lambda: self._freeze(slot),
            Kind.STALE: lambda: self._outdate(slot),
            Kind.STORM: self._storm,
            Kind.PAUSE: self._pause,
        }
        does[trouble.kind]()
        self._done[f"{trouble.kind} {trouble.moment}".strip()] += 1

    def _fill_slots(self) -> None:
        for slot in self._crew:
            if not slot.is_alive():
                slot.begin()

    def _let_work(self, needed: Slot) -> None:
        """Have a process in each slot; nothing is fed until the needed one is there."""
        awaited = self._sink.welcomed[needed.number] + (not needed.is_alive())
        self._fill_slots()
        until = time.monotonic() + PATIENCE_SECONDS
        while self._sink.welcomed[needed.number] < awaited or not self._is_launched():
            if time.monotonic() > until:
                return
            time.sleep(BEAT_SECONDS)
            self._sink.order()

    def _kill(self, slot: Slot, moment: str) -> None:
        if moment == Point.LAUNCH:
            slot.begin(moment)
            self._wait(lambda: not slot.is_alive())
        elif moment == Point.TAKEOVER:
            self._kill_in_turn(slot)
            return
        elif moment in list(Point):
            slot.doom(moment)
            self._wait(lambda: not slot.is_alive())
        elif moment:
            self._kill_held(slot, moment)
        else:
            self._wait_seconds(self._chance.random())
        slot.kill()

    def _kill_in_turn(self, slot: Slot) -> None:
        """Kill a worker, and the one that takes its range over in the middle of that."""
        (heir,) = (other for other in self._crew if other is not slot)
        heir.doom(Point.TAKEOVER)
        self._kill_held(slot, "kept")
        self._wait(lambda: not heir.is_alive())
        heir.kill()

    def _kill_held(self, slot: Slot, moment: str) -> None:
        """Kill a worker while the sink holds one of its messages; its connection then breaks."""
        self._hold(slot, moment)
        slot.kill()
        self._sink.order(release="")

    def _hold(self, slot: Slot, moment: str) -> str:
        """Wait until the sink holds a message of a worker; its address, if one came."""
        self._sink.set_trap(slot.number, moment, self._chance.randint(1, 5))
        until = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until:
            held = self._sink.wait_for_trap(BEAT_SECONDS)
            if held is not None:
                return held
            self._feed()
        return ""

    def _freeze(self, slot: Slot) -> None:
        self._wait_seconds(self._chance.random() / 2)
        slot.freeze()
        self._wait_seconds(1.8 * LEASE_SECONDS)
        slot.thaw()

    def _outdate(self, slot: Slot) -> None:
        """Freeze a worker with an answer on its way; others send the message; then it wakes.

        Its late result, and everything else it still holds, must not count any more.
        """
        for _ in range(TRIES):
            email = self._hold(slot, "lost")
            time.sleep(3 * BEAT_SECONDS)  # unfed, it comes to rest: no lock of the database in hand
            slot.freeze()
            self._sink.order(release=LATER)
            overtaken = bool(email) and self._overtake(email)
            slot.thaw()
            self._wait_seconds(LEASE_SECONDS / 2)
            if overtaken:
                return

    def _overtake(self, email: str) -> bool:
        """Have a message in doubt sent by another worker, as somebody's decision."""
        if not self._wait(lambda: self._stands(email, DeliveryStatus.UNKNOWN)):
            return False
        with writing(self._ground.engine) as connection:
            for one in campaigns.read_campaigns(connection):
                doubts = ledger.read_doubts(connection, one.id)
                ids = [doubt.subscriber_id for doubt in doubts if doubt.email == email]
                now = self._ground.now()
                ledger.reconcile(connection, one.id, ids, Decision.AGAIN, WHO, now)
        return self._wait(lambda: self._stands(email, DeliveryStatus.SENT))

    def _storm(self) -> None:
        self._sink.order(weather=STORM)
        self._wait_seconds(1.5)
        self._sink.order(weather={})

    def _pause(self) -> None:
        """From the moment a campaign is paused, nothing of it is started until it is resumed."""
        self._move(Step.PAUSE)
        self._wait_seconds(LEASE_SECONDS / 2)  # what is just being committed began before
        before = self._attempts()
        self._wait_seconds(LEASE_SECONDS)
        if self._attempts() != before:
            self._seen.append((Fault.LATE, "messages were started while their campaign was paused"))
        self._move(Step.RESUME)

    def _move(self, step: Step) -> None:
        with writing(self._ground.engine) as connection:
            for one in campaigns.read_campaigns(connection):
                if one.state in (CampaignState.SENDING, CampaignState.PAUSED):
                    campaigns.move_campaign(connection, one.id, step, WHO, self._ground.now())

    def _attempts(self) -> int:
        with reading(self._ground.engine) as connection:
            return store.count_attempts(connection)

    def _let_leave(self) -> None:
        """Some readers leave and some are suppressed in mid-send."""
        stay = sorted(self._ground.expected - self._left.keys())
        for email in self._chance.sample(stay, max(3, self._trial.recipients // 500)):
            self._left[email] = self._ground.leave(email, suppress=self._chance.random() < 0.3)

    # --- waiting ---------------------------------------------------------------------------------

    def _feed(self) -> None:
        """Let some more messages go: so many that there are some for each trouble ahead."""
        kept = self._ahead * self._reserve
        left = max(self._trial.recipients - len(self._left) - self._sink.taken - kept, 0)
        self._sink.order(feed=max(left / (self._ahead + 1) / TROUBLE_BEATS, 0.01))
        self._watch.progress(
            Counter({DeliveryStatus.SENT: self._sink.taken}), self._trial.recipients
        )

    def _wait(self, is_so: Callable[[], bool], seconds: float = PATIENCE_SECONDS) -> bool:
        """Feed until something is so; whether it came to be."""
        until = time.monotonic() + seconds
        while not is_so():
            if time.monotonic() > until:
                return False
            self._feed()
            time.sleep(BEAT_SECONDS)
        return True

    def _wait_seconds(self, seconds: float) -> None:
        self._wait(lambda: False, seconds)

    def _finish(self) -> None:
        """Let everything go on without trouble until nothing changes any more."""
        self._watch.stage("Letting everything finish")
        self._sink.order(feed=ALL)
        for slot in self._crew:
            slot.doom("")
        seen, since = "", time.monotonic()
        while True:
            working = [slot for slot in self._crew if slot.is_alive()]
            if self._is_sent():
                if not working:
                    return
            else:
                self._fill_slots()
            state = str(self._sheets())
            seen, since = (seen, since) if state == seen else (state, time.monotonic())
            if time.monotonic() > since + STILL_SECONDS:
                return
            self._sink.order()
            time.sleep(BEAT_SECONDS)

    # --- looking ---------------------------------------------------------------------------------

    def _is_launched(self) -> bool:
        return bool(self._sheets())

    def _is_sent(self) -> bool:
        with reading(self._ground.engine) as connection:
            found = campaigns.read_campaigns(connection)
        return bool(found) and all(one.state is CampaignState.SENT for one in found)

    def _stands(self, email: str, status: DeliveryStatus) -> bool:
        with reading(self._ground.engine) as connection:
            return store.read_status(connection, email) == status

    def _sheets(self) -> list[ledger.Sheet]:
        with reading(self._ground.engine) as connection:
            ids = tuple(one.id for one in campaigns.read_campaigns(connection))
            return list(ledger.read_sheets(connection, ids).values()) if ids else []

    def _weigh(self) -> None:
        for sheet in self._sheets():
            if not sheet.closes or sheet.recipients != self._trial.recipients:
                counts = {str(status): count for status, count in sheet.counts.items() if count}
                said = f"the sheet of {sheet.recipients} recipients says {counts}"
                self._seen.append((Fault.UNBALANCED, said))

    def conclude(self, seconds: float) -> Proof:
        """Compare the ledger with what the sink has written down."""
        self._weigh()
        copies, cut = self._sink.read_log()
        with reading(self._ground.engine) as connection:
            rows = store.read_rows(connection)
        evidence = Evidence(self._ground.expected, copies, cut, self._left, CONNECTIONS)
        crashes = [
            (Fault.CRASH, "a worker ended by itself; workers.log says why")
            for slot in self._crew
            for _ in range(slot.crashes)
        ]
        return Proof(
            recipients=self._trial.recipients,
            counts=Counter(row.status for row in rows),
            kills=sum(slot.kills for slot in self._crew),
            connections=CONNECTIONS,
            seed=self._trial.seed,
            seconds=seconds,
            trouble=dict(self._done),
            faults=(*compare(rows, evidence), *self._seen, *crashes),
        )

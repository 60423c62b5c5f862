"""The proof of delivery: kill and hinder real sending on a throw-away site, then count everybody.

`prove` makes the site, lets worker processes send to a mail server of its own while faults happen,
and compares the ledger with what that server has written down, address by address.
"""

from pipeline.proving.comparing import Fault, Proof
from pipeline.proving.conducting import prove
from pipeline.proving.sabotage import SABOTAGES
from pipeline.proving.scene import Watch
from pipeline.proving.trial import Trial

__all__ = ["SABOTAGES", "Fault", "Proof", "Trial", "Watch", "prove"]

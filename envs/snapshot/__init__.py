"""What can be known at decision time, without torch: its schema, its formulas, and the road from records to it.

from entrepot.envs.network import load_network
from entrepot.envs.snapshot import Records, snapshot_from_records

records = Records(stock="stock.csv", sales="sales.csv", shipments="shipments.csv")
found = snapshot_from_records(load_network("my_network.yaml"), records, "2026-11-25")
found.arrays  # by name, as `SNAPSHOT_FIELDS`
"""

from entrepot.envs.snapshot.attributes import attribute_arrays, textbook_cover_days
from entrepot.envs.snapshot.records.from_records import RecordedSnapshot, snapshot_from_records
from entrepot.envs.snapshot.records.long_run import LongRunDemand, by_name
from entrepot.envs.snapshot.records.records import Records
from entrepot.envs.snapshot.records.remarks import Remark
from entrepot.envs.snapshot.schema import NETWORK_FIELDS, SNAPSHOT_FIELDS, Field

__all__ = [
    "NETWORK_FIELDS",
    "SNAPSHOT_FIELDS",
    "Field",
    "LongRunDemand",
    "RecordedSnapshot",
    "Records",
    "Remark",
    "attribute_arrays",
    "by_name",
    "snapshot_from_records",
    "textbook_cover_days",
]

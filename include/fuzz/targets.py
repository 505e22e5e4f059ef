"""Everything that is fuzzed, by name."""

from __future__ import annotations

from fuzz import answers, archives, cells, csv_exports, folders, tree_exports, workbooks

TARGETS = {
    target.name: target
    for module in (csv_exports, workbooks, tree_exports, archives, cells, folders, answers)
    for target in module.TARGETS
}

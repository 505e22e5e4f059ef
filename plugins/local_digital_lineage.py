"""OpenLineage: lets the events of a task say what it read and wrote. Where nobody is sent any, it costs nothing."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from airflow.providers.openlineage.conf import is_disabled
from airflow.sdk import get_current_context

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import ParamSpec

    from airflow.providers.openlineage.extractors import OperatorLineage
    from openlineage.client.event_v2 import Dataset, InputDataset, OutputDataset
    from openlineage.client.facet_v2 import DatasetFacet, InputDatasetFacet, OutputDatasetFacet, RunFacet

    from local_digital.lineage import Involved, Lineage

    P = ParamSpec("P")

_log = logging.getLogger(__name__)
# OpenLineage's words: what stops the pipeline, and what only warns.
_SEVERITIES = {"critical": "error", "warning": "warn", "info": "info"}


def tell(facts: Callable[P, Lineage], *args: P.args, **kwargs: P.kwargs) -> None:
    """Let the event at the end of the task that is running have these facts; do nothing where no events are sent.

    facts: what finds them, called with the arguments only where it is needed. Of two calls in a task the later one
    counts. That they cannot be found is only logged: no task fails for it.
    """
    if is_disabled():
        return
    try:
        found = facts(*args, **kwargs)
        task = get_current_context()["task"]
    except Exception as error:  # noqa: BLE001 - events are a service to others; their fault must not stop the chain
        _log.warning("The OpenLineage event will not say what was read and written: %s", type(error).__name__)
        return
    # OpenLineage asks the operator for it when the task has ended; ours have no such method.
    vars(task)["get_openlineage_facets_on_complete"] = lambda _task_instance: _operator_lineage(found)


def _operator_lineage(found: Lineage) -> OperatorLineage[Dataset, RunFacet]:
    from airflow.providers.openlineage.extractors import OperatorLineage  # noqa: PLC0415 - 0.8 s of CPU

    return OperatorLineage(inputs=[_input(one) for one in found.read], outputs=[_output(one) for one in found.written])


def _input(one: Involved) -> InputDataset:
    from openlineage.client.event_v2 import InputDataset  # noqa: PLC0415 - as above
    from openlineage.client.facet_v2 import (  # noqa: PLC0415 - as above
        data_quality_assertions_dataset,
        input_statistics_input_dataset,
    )

    facets: dict[str, InputDatasetFacet] = {}
    if one.is_counted:
        facets["inputStatistics"] = input_statistics_input_dataset.InputStatisticsInputDatasetFacet(
            one.rows, one.size, one.files
        )
    if one.checks:
        assertions = [
            data_quality_assertions_dataset.Assertion(
                check.name,
                check.success,
                check.column,
                _SEVERITIES[check.severity],
                actual=f"{check.failed} rows otherwise" if check.failed else None,
            )
            for check in one.checks
        ]
        facets["dataQualityAssertions"] = data_quality_assertions_dataset.DataQualityAssertionsDatasetFacet(assertions)
    return InputDataset(one.namespace, one.name, facets=_facets(one), inputFacets=facets)


def _output(one: Involved) -> OutputDataset:
    from openlineage.client.event_v2 import OutputDataset  # noqa: PLC0415 - as above
    from openlineage.client.facet_v2 import output_statistics_output_dataset  # noqa: PLC0415 - as above

    facets: dict[str, OutputDatasetFacet] = {}
    if one.is_counted:
        facets["outputStatistics"] = output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet(
            one.rows, one.size, one.files
        )
    return OutputDataset(one.namespace, one.name, facets=_facets(one), outputFacets=facets)


def _facets(one: Involved) -> dict[str, DatasetFacet]:
    from openlineage.client.facet_v2 import dataset_version_dataset, datasource_dataset  # noqa: PLC0415 - as above

    facets: dict[str, DatasetFacet] = {}
    if one.version:
        facets["version"] = dataset_version_dataset.DatasetVersionDatasetFacet(one.version)
    if one.via:
        facets["dataSource"] = datasource_dataset.DatasourceDatasetFacet(name=one.via)
    return facets

-- grain: one decision of a person on what a feed publishes, with the figures they saw
insert into ledger.approval (feed_id, decided_by, through, decision, reasons, figures, note, run_id)
values (
    :feed_id, :decided_by, :through, :decision, cast(:reasons as text[]), cast(:figures as jsonb), :note, :run_id
)
returning approval_id, decided_at

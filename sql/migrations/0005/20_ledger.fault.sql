-- grain: one failed task of one run, with the fault of its newest try
-- council is empty for the DAGs of the installation itself, transaction for the steps that a council's feeds share.
create table ledger.fault (
    council text not null,
    run_id text not null,
    transaction text not null,
    step text not null,
    -- The kind of error by its name: the same one of the same step is the same fault.
    error text not null,
    kind text not null check (kind in ('technical', 'data', 'contract', 'publication')),
    place text not null,
    expected text not null,
    found text not null,
    action text not null,
    at timestamptz not null default clock_timestamp(),
    -- When the same step, in this run or another one, ended well.
    mended_at timestamptz,
    -- When it went into a message.
    told_at timestamptz,
    primary key (council, run_id, transaction, step)
);
create index on ledger.fault (council, transaction, step, error) where mended_at is null;

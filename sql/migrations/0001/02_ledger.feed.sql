-- grain: one feed (a council's offer of a transaction)
create table ledger.feed (
    feed_id integer generated always as identity primary key,
    council text not null,
    transaction text not null,
    unique (council, transaction)
);

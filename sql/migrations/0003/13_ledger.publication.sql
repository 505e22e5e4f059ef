-- grain: one record that the platform holds because we sent it, now told apart by transaction too
-- Until now a council had one feed.
alter table ledger.publication add column transaction text;
update ledger.publication
set
    transaction = coalesce(
        (
            select min(feed.transaction)
            from ledger.feed
            where feed.council = publication.council
        ),
        'report-missed-bin'
    );
alter table ledger.publication
alter column transaction set not null,
drop constraint publication_pkey,
add primary key (council, transaction, data_set, record_id);

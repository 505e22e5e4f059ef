-- grain: one push of one data set by one run, now told apart by transaction too
alter table ledger.send add column transaction text;
update ledger.send
set
    transaction = coalesce(
        (
            select min(feed.transaction)
            from ledger.feed
            where feed.council = send.council
        ),
        'report-missed-bin'
    );
alter table ledger.send alter column transaction set not null;

-- grain: one look at one feed's page that is past its time
delete from ledger.page_check
where hour < :before

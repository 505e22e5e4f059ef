-- grain: touched period that is not whole and in which nothing counts: it has no figures at all
delete from touched_period as touched
where
    not exists (
        select 1 from marts.volume
        where
            volume.council = :council
            and volume.transaction = :transaction
            and volume.period_kind = touched.period_kind
            and volume.period_start = touched.period_start
    )

-- grain: one change of a feed's stage; the same as the newest one is none
insert into ledger.stage (feed_id, stage)
select
    :feed_id,
    :stage
where
    :stage is distinct from (
        select stage.stage
        from ledger.stage
        where stage.feed_id = :feed_id
        order by stage.seen_at desc
        limit 1
    )

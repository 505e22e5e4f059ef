-- grain: one transaction: its new edition; the benchmarks of the one before go with it
with gone as (
    delete from open_data.benchmark
    where transaction = :transaction
)

insert into open_data.edition (transaction, made_from, councils)
values (:transaction, :made_from, :councils)
on conflict (transaction) do update set
    taken_at = now(),
    made_from = excluded.made_from,
    councils = excluded.councils

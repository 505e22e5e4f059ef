-- grain: one council; written again only where its file or the reference table changed
insert into marts.council as known (
    council, name, gss_code, tier, nation, region, population, phase, authority, covers
)
values (:council, :name, :gss_code, :tier, :nation, :region, :population, :phase, :authority, :covers)
on conflict (council) do update
    set
        name = excluded.name,
        gss_code = excluded.gss_code,
        tier = excluded.tier,
        nation = excluded.nation,
        region = excluded.region,
        population = excluded.population,
        phase = excluded.phase,
        authority = excluded.authority,
        covers = excluded.covers
    where
    (
        known.name, known.gss_code, known.tier, known.nation, known.region, known.population, known.phase,
        known.authority, known.covers
    ) is distinct from (
        excluded.name, excluded.gss_code, excluded.tier, excluded.nation, excluded.region, excluded.population,
        excluded.phase, excluded.authority, excluded.covers
    )

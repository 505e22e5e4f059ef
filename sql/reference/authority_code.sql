-- grain: one GSS code that an authority has or had; written again only where the reference file changed it
insert into reference.authority_code as known (code, slug, current, in_charge)
select
    given.code,
    given.slug,
    given.current,
    given.in_charge
from
    unnest(
        cast(:codes as text[]), cast(:slugs as text[]), cast(:currents as boolean[]), cast(:in_charge as text[])
    ) as given (code, slug, current, in_charge)
on conflict (code) do update set
    slug = excluded.slug,
    current = excluded.current,
    in_charge = excluded.in_charge
where (
    known.slug, known.current, known.in_charge
) is distinct from (
    excluded.slug, excluded.current, excluded.in_charge
)

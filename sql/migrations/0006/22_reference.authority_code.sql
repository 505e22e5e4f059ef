-- grain: one GSS code that an authority has or had
-- Now with a comment on every column.
comment on table reference.authority_code is
'Every GSS code that an authority has or had';
comment on column reference.authority_code.code is
'the GSS code';
comment on column reference.authority_code.slug is
'the authority whose code it is or was';
comment on column reference.authority_code.current is
'whether it is the present code of an authority that exists';
comment on column reference.authority_code.in_charge is
'the authority to count its figures under today; empty where the area was split';

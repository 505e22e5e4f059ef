-- grain: council x transaction x data set x whole, finished period x label (x label of the second breakdown)
-- Labels are the contract's values or the council's words. A withheld count is not here at all, only that there is one.
create table open_data.volume (
    council text not null,
    transaction text not null,
    data_set text not null,
    period_kind text not null check (period_kind in ('week', 'month')),
    period_start date not null,
    label text not null,
    across_label text not null,
    reports bigint,
    state text not null check (state in ('shown', 'withheld')),
    primary key (council, transaction, data_set, period_start, label, across_label),
    foreign key (council, transaction) references open_data.feed on delete cascade,
    constraint shown_has_a_count check ((state = 'shown') = (reports is not null))
);

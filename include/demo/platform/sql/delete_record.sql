-- grain: one record of one data set
delete from platform_records
where data_set = :data_set and id = :id

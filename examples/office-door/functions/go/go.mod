module office-door

go 1.19

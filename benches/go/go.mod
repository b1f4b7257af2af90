module rustroutines/benches/go

go 1.24

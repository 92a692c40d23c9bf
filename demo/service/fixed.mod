module example.test/service

go 1.26.0

require golang.org/x/net v0.58.0

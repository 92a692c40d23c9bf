module example.test/service

go 1.24

require golang.org/x/net v0.17.0

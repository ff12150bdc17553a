module four-inputs-go

go 1.25

require hinny-plugin v0.0.0

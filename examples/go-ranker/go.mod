module go-ranker

go 1.25

require hinny-plugin v0.0.0

replace hinny-plugin => ../../sdk/go

module hinny-plugin

go 1.25

module {{name}}

go 1.25

require hinny-plugin v0.0.0

replace hinny-plugin => ./hinny-plugin

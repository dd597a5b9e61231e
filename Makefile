compile_probe:
	true

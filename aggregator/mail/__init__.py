"""Mail: ``message`` makes the bytes, ``relay`` hands them over."""

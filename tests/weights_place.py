"""The names tests use for the practice model's weights. Imports nothing, so that settings can use it."""

NAMED_BY = "ALLOTMENT_TEST_WEIGHTS"
"""Variable with the path of weights fetched before."""
MODEL_FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"

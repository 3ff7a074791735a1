"""The test gate: does the model in this image really work?"""

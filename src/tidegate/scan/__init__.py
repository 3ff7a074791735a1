"""The scan gate: what is in this image, and may it go out?"""

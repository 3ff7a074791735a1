"""A release from plan to record: joins the capabilities, and only it translates between them."""

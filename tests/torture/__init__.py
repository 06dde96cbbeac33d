"""What is done to break the project, and what it promises then: `make torture`."""

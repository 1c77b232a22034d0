"""The checks of the workloads: a history in, a verdict in plain words out. Each is a pure function."""

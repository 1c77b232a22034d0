"""The same nodes for real: real time, real sockets, real files. Nothing here is needed to simulate, and `import labkit`
does not import it."""

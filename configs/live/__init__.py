"""What runs the live scheduler as a service: a container and a unit of systemd."""

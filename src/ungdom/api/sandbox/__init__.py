"""What a sandbox has beside the interface, under `/control/`. No part of the published interface."""

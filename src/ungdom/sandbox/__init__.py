"""What a sandbox has beside the service: a movable clock, faults to order, invented youths, messages and exercises.

For development only: `ungdom.app.create_sandbox` refuses every other installation.
"""

"""What runs by itself: the nightly run. Composed here of what lies below; nothing below calls up."""

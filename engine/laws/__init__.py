"""Laws of learning curves: forms, windows, fits and published figures. numpy and scipy only."""

"""Android phones reached with adb."""

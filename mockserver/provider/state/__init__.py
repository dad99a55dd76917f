"""What the fake holds, and what changes it: merchants, projects, vouchers, plans, clocks."""

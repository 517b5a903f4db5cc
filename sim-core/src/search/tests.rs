mod brute_force;
mod order;
mod words;

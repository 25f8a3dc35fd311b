# Words on the screen and in the voice (English).
caption-language = Language
caption-larger = Larger text
caption-contrast = High contrast
caption-furigana = Furigana
caption-delete = Delete
caption-clear = Clear
caption-space = Space
caption-convert = Convert
caption-ok = OK
caption-search = Search
caption-all = All
caption-most-used = Most used
caption-nothing-found = Nothing was found. Try another word, or ask a member of staff.
caption-year = Year
caption-month = Month
caption-day = Day
caption-page-of = Page { $n } of { $m }
caption-change = Change
caption-cancel = Cancel
caption-optional = Optional

step-choose = Choose
step-identify = Identify
step-confirm = Confirm
step-ask = Answer
step-check = Check
step-print = Collect

button-begin = Start
button-next = Next
button-back = Back
button-quit = End
button-staff = Call staff
button-again = Try again
button-fix = Correct it
button-correct = This is correct
button-signed = I have signed
button-sign-at-desk = Sign at the desk
button-print = Print
button-stop-printing = Stop printing and end
button-drop-form = Leave out this form
button-taken = I have everything
button-took = I have taken them
button-skip = Skip and finish
button-resume = Back to my forms
button-more-time = Continue
button-quit-now = End now

service-minutes = About { $minutes } min
service-detail = { $minutes } · { $fee }
list = { $first }, { $next }
spoken-pair = { $first }. { $next }
choose-none = Please choose a service
choose-some = { $count } chosen

home-title = Fill in forms without writing
home-lead = Touch the screen to start
home-promise-writing = Your My Number Card fills in your name and address for you
home-promise-nothing-kept = Nothing about you stays in this machine
home-promise-staff = Our staff are happy to help

home-guide-title = Ask me anything
home-guide-lead = Press “Ask by voice” and say what you would like to know
home-guide-starting-title = Getting ready
home-guide-starting-lead = The guide is starting. Please wait a moment
home-guide-promise-languages = Answers in Japanese, English, Chinese and Korean
home-guide-promise-nothing-kept = Your voice is not kept
button-ask = Ask by voice
button-talk = Speak
button-that-was-all = I have finished
button-say-again = Hear it again
button-hush = Stop the voice
button-guide-done = Finish
guide-waits-title = Ask me anything
guide-waits-lead = Press “Speak” and talk, or touch a question below
guide-opens-title = One moment, please
guide-opens-lead = The microphone is being opened
guide-listens-title = Please speak
guide-listens-lead = When you have finished, the answer comes by itself
guide-hears-title = I am listening
guide-hears-lead = When you have finished, the answer comes by itself
guide-thinks-title = Looking for the answer
guide-thinks-lead = Please wait a moment
guide-answers-title = Here is your answer
guide-answers-lead = To ask something else, press “Speak”
guide-asks-back-title = Which do you mean?
guide-asks-back-lead = Touch the nearest one, or say it again
guide-unknown-title = Sorry, I do not know
guide-unknown-lead = Say it in other words, or call staff
guide-nothing-heard-title = I could not hear you
guide-nothing-heard-lead = Come closer and speak again slowly, or touch a question below
guide-no-microphone-title = The microphone does not work
guide-no-microphone-lead = I cannot hear you. Touch a question below, or call staff
guide-failed-title = I could not answer
guide-failed-lead = Speak again, or touch a question below
guide-heard = You asked
guide-did-you-mean = Do you mean one of these?
guide-may-ask = You can also ask
guide-often = Often asked

printer-now = { $cause } Printing has to wait, but you can start now.
closed-title = Out of service
closed-lead = We apologise for the inconvenience
closed-text = This machine can neither read cards nor print at the moment. Please come to the desk.

choose-title = What would you like to do?
choose-lead = Choose as many as you need. Your card is read only once.

consent-title = How would you like to identify yourself?
consent-lead = By choosing a way you agree to what is written here
consent-read = We read your name, address, date of birth and sex from the card. We never read your 12-digit My Number.
consent-face = Only if you choose your face do we compare the card’s photo with the camera.
consent-kept = What was read and seen is erased as soon as you finish. It is stored nowhere.
consent-choice = You may also go on without your face, or without a card.
way-face = Card and face
way-face-detail = No PIN needed. Enter the numbers on the front of your card and look into the camera.
way-pin = Card and PIN
way-pin-detail = Enter your four-digit PIN.
way-typing = No card (type it)
way-typing-detail = Type your name and address here. Show your ID at the desk.

card-title = Place your My Number Card
card-lead = Take it out of its case and lay it flat on the reader
reading-title = Reading your card
reading-lead = Please do not move the card
pin-title = Enter your PIN
pin-lead = Four digits (for “card-face information input support”). Make sure nobody can see it.
pin-tries = { $left ->
    [one] { $left } try left
   *[other] { $left } tries left
}
code-b-title = Enter the numbers on the front of your card
code-b-lead = Three numbers, as printed on the card
code-birth = ① Date of birth in the Japanese calendar (6 digits; Showa 55, 17 February is 550217)
code-expiry = ② Year in which the card itself expires (4 digits; not the digital certificate)
code-security = ③ Security code (4 digits below the photo)
face-title = Look into the camera
face-lead = Glasses and head coverings may stay on. If you can, lower your mask a little.
face-attempt = Try { $n } of { $of }

guide-no-face = Bring your face into the frame
guide-several = One person at a time, please
guide-too-far = Please come a little closer
guide-too-near = Please move back a little
guide-off-centre = Move your face to the centre of the frame
guide-too-dark = It is too dark. Please turn towards the light
guide-backlit = The light behind you is too strong. Please move a little to the side
guide-looking-away = Please face the camera
guide-hold-still = Please hold still for a moment
guide-good = Good. Please wait while we check

confirm-title = Please check these details
confirm-lead = If something is wrong, press “Change”
confirm-typing-title = Please enter these four details
confirm-typing-lead = Press the button at the right of each line
confirm-genuine = We checked that this is a genuine card
confirm-unchecked = We did not check whether this is a genuine card
confirm-changed = You corrected some of what the card says. Please show your ID at the desk
confirm-typed = Typed by you. Please show your ID at the desk
fact-name = Name
fact-address = Address
fact-birth-date = Date of birth
fact-sex = Sex
fact-signature = Signature
sex-male = Male
sex-female = Female
sex-other = Other / not stated

ask-count = Question { $n } of { $of }
sign-title = Sign with your finger
sign-lead = Please write your name inside the frame
sign-done-lead = You have signed. To sign again, clear it first
sign-statement = Your signature is used only on today’s forms. It is erased when you finish.
preview-title = Please check your forms
preview-lead = If everything is right, press “Print”
printing-title = Printing
printing-lead = Please wait
paper-waiting = Waiting
paper-printing = Printing
paper-done = Printed
paper-failed = Could not be printed
collect-title = Please take your papers
collect-lead = Take them to the desk shown here
collect-card-title = Please take your card
collect-card-lead = Your card is still on the reader. Take your card and your papers.
collect-failed-title = Some papers could not be printed
collect-failed-lead = We are sorry. Please tell our staff that printing failed
rate-title = How was it?
rate-lead = One tap and you are finished. Your name is not recorded.
rate-1 = Very bad
rate-2 = Bad
rate-3 = Fair
rate-4 = Good
rate-5 = Very good
staff-title = Calling staff
staff-lead = Please wait a moment
staff-text = What you have entered is still here.
staff-reached-title = Staff have been called
staff-reached-lead = Please wait a moment
staff-reached-text = Somebody is coming to help you. What you have entered is still here.
staff-not-reached-title = Please speak to a member of staff nearby
staff-not-reached-lead = This machine could not call them for you
staff-not-reached-text = What you have entered is still here.

leftover-card-title = Please take your card
leftover-card-lead = Your visit has ended and everything you entered is erased. If this is not your card, please tell our staff.
leftover-papers-title = Please take the papers from the printer
leftover-papers-lead = Your visit has ended and everything you entered is erased
leftover-papers-text = When you have them, press “I have taken them”. If they are not yours, please leave them and tell our staff.
leftover-both-title = Please take your card and the papers from the printer
leftover-both-lead = Your visit has ended and everything you entered is erased. If these are not yours, please tell our staff.

idle-title = Would you like to continue?
idle-text = { $seconds ->
    [one] In { $seconds } second this ends and what you entered is erased.
   *[other] In { $seconds } seconds this ends and what you entered is erased.
}

card-no-reader-cause = The card reader does not answer.
card-no-reader-remedy = Wait a moment and try again. You can also go on without a card.
card-wrong-cause = This does not seem to be a My Number Card.
card-wrong-remedy = Lay only your My Number Card on the reader, out of its case.
card-lay-before-cause = A card was already on the reader. To prevent mix-ups we do not use it.
card-lay-before-remedy = If it is yours, take it away and lay it down again. If it is somebody else’s, please tell our staff.
card-phone-cause = Name and address cannot be read from a smartphone.
card-phone-remedy = Use your My Number Card, or go on without a card.
card-licence-cause = This is a driver’s licence.
card-licence-remedy = Please use your My Number Card. Without one, you can go on by typing.
card-residence-cause = This is a residence card.
card-residence-remedy = Please use your My Number Card. Without one, you can go on by typing.
card-removed-cause = The card was taken away too early.
card-removed-remedy = Lay it down again and leave it until reading is done.
card-wrong-pin-cause = The PIN is wrong.
card-wrong-pin-remedy = { $left ->
    [one] You have { $left } try left. If you are not sure, choose a way that needs no PIN.
   *[other] You have { $left } tries left. If you are not sure, choose a way that needs no PIN.
}
card-wrong-code-cause = The numbers do not match the card.
card-wrong-code-remedy = { $left ->
    [one] Look at the front of the card and enter them again ({ $left } try left).
   *[other] Look at the front of the card and enter them again ({ $left } tries left).
}
card-last-try-cause = One more wrong PIN would block your card.
card-last-try-remedy = To protect your card, this machine does not send it. You can go on in another way.
card-blocked-cause = The PIN of this card is blocked.
card-blocked-remedy = It can be reset at the desk. For today you can go on in another way.
card-code-last-try-cause = One more wrong entry would block reading by the numbers on the front of the card.
card-code-last-try-remedy = To protect your card, this machine no longer accepts these numbers. You can go on with your PIN or without a card.
card-code-blocked-cause = Reading this card by the numbers on its front is blocked.
card-code-blocked-remedy = It can be unblocked at the desk. For today you can go on with your PIN or without a card.
card-malformed-cause = The numbers do not have the right form.
card-malformed-remedy = Enter them again as in the example. Nothing was sent to the card.
card-unreadable-cause = The card could not be read.
card-unreadable-remedy = Take it out of its case and lay it in the middle of the reader again.
card-not-genuine-cause = We could not confirm that the information on the card is correct.
card-not-genuine-remedy = Our staff will help you. Please wait here.
card-expired-cause = The card has expired.
card-expired-remedy = It can be renewed at the desk. For today you can go on without a card.
card-no-photo-cause = The photo on the card could not be used.
card-no-photo-remedy = Please choose the PIN, or go on without a card.
face-different-cause = We could not confirm that you are the person in the photo.
face-different-remedy = Face the camera and try again. Old photos sometimes do not match.
face-timed-out-cause = We could not see your face in time.
face-timed-out-remedy = Bring your face into the frame and try again.
face-tries-used-up-cause = We could not confirm you by your face.
face-tries-used-up-remedy = You can go on with your PIN or without a card.
face-no-camera-cause = There is no picture from the camera.
face-no-camera-remedy = Try again, or choose another way.

printer-paper-out-cause = The printer has run out of paper.
printer-paper-out-remedy = Staff will refill it. Your papers are not lost. Please wait here.
printer-jam-cause = The paper is jammed.
printer-jam-remedy = Staff will remove it. Your papers are not lost. Please wait here.
printer-door-cause = The printer’s cover is open.
printer-door-remedy = Printing goes on when staff have closed it.
printer-toner-cause = The printer has run out of toner.
printer-toner-remedy = Staff will replace it. Please wait here.
printer-output-full-cause = The output tray is full.
printer-output-full-remedy = Please take the papers that are there. Printing then goes on.
printer-wrong-media-cause = The wrong paper is in the printer.
printer-wrong-media-remedy = Staff will load A4 paper. Please wait here.
printer-paused-cause = The printer is paused.
printer-paused-remedy = Staff will resume it. Please wait here.
printer-offline-cause = The printer does not answer.
printer-offline-remedy = Printing will continue once the printer is back. Your papers are not lost.
printer-broken-cause = The printer seems to be broken.
printer-broken-remedy = Staff are coming. Please do not touch it.

fill-missing-cause = “{ $form }” still needs: { $what }
fill-missing-remedy = Press “Correct it” to go to that question.
fill-undrawable-cause = { $what } has a character that this machine cannot print.
fill-undrawable-remedy = We stopped so that nothing wrong is printed. Use another character, or go to the desk.
fill-does-not-fit-cause = { $what } is too long for its place on “{ $form }”.
fill-does-not-fit-remedy = Make it shorter, or fill in this form at the desk.
fill-broken-cause = “{ $form }” could not be made.
fill-broken-remedy = Try again, or fill in this form at the desk.

fault-missing = This is needed.
fault-too-long = This is too long.
fault-too-short = This is too short. Please enter all of it.
fault-wrong-characters = Some characters cannot be used here.
fault-no-such-date = This date cannot be used. Please check year, month and day.
fault-not-a-choice = Please choose one.
fault-individual-number = This looks like a 12-digit My Number. Please do not enter it here.
